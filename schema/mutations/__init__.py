"""What can be done, one module for each subject; schema/mutation.py puts them together."""
