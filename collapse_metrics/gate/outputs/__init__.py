"""In which forms do CI systems read a comparison? One file, one form; each takes a comparison and hands back text."""
