"""The data protection desk: what is known of one person, and how it is counted, exported, erased and proved.

    people      who a person is: contacts, conversations, numbers, names
    places      the register of every table: whose rows belong to a person, and how they go
    erasing     the work of an erasure, in small steps that bear being cut off anywhere
    ledger      keyed hashes of who was erased, kept beside the database too

Who adds a table registers it in `places`; a test fails until it is there.
"""
