"""Templates, written: what an admin types, as Meta's components, and Meta's rules for it before it is submitted.

content      what is typed, in our own shape
components   that as Meta's `components`, and back
lint         what Meta would refuse or mark down (lint_texts, lint_buttons hold the rules)
category     signs that Meta will count it as marketing
refusals     Meta's refusals in plain words
languages    the codes Meta knows
"""
