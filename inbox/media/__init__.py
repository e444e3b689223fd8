"""What is made of a file: small pictures, pages, waveforms, copies that every browser plays.

Strangers' files are taken apart in a child process (`python -m inbox.media`) with little memory and little time, which
knows no settings, no database and no key. `making` starts it; everything else here runs inside it and is bytes in,
files out.
"""
