"""What a start command starts: a command -> the program, the code that it is given, and where it listens."""
