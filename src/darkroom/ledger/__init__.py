"""The money: quotes, the book of entries, statements."""
