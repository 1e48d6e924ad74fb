"""`run`: upload images, wait for them, show their renditions.

command     the command itself
attach      the stack it uses: one that runs, or one of its own
files       the files to upload, checked
report      the outcome of an upload, as JSON and as a table
"""
