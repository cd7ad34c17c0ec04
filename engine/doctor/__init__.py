"""What the machine and the interpreter are like, and what could be better; nothing is changed."""
