"""Lock files and the commands that install from them: text to typed values with positions."""
