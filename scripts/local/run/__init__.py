"""`run`: upload images, watch them, show what became of them.

command     the command itself
joining     the stack that is used: one that runs, or one of our own
uploads     the files, checked and put into the source bucket
watch       each upload followed until it is ready or has failed
report      what became of it, as JSON and as a table
"""
