value = "unterminated
