"""What a shell would run: text and the scripts that it leads to -> simple commands with positions. Nothing is run."""
