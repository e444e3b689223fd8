"""Telling other systems what has happened: signed, tried again for three days, and never into our own network.

    addresses    where we may connect to, decided anew for every connection
    signing      the signature, by the Standard Webhooks convention
    bodies       what is said
    sending      one try
    delivering   which are due, what becomes of a try, when a webhook is switched off
    words        all that in words
"""
