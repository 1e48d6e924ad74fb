"""`run`: upload images, watch them, show what became of them.

command     the command itself
uploads     the files, checked and put into the source bucket
watch       each upload followed until it is ready or has failed
report      what became of it, as JSON and as a table
"""
