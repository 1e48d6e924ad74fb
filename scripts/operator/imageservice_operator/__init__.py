"""What an operator installs: the operations on a stack, the command line `images`, the console."""
