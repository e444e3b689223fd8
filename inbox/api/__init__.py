"""The API for other systems: thin endpoints over the same look-ups and actions that the pages use.

A request names a token (accounts.models.ApiToken). From then on the token is who asks: `inbox.access` finds what its
teams may see, and actions take it as `by`, so that window, consent, blocks and pacing hold as for people. What it sends
is a message without an author (`Via.API`) that waits behind what people write and answers nobody's question: whoever
waits for a person goes on waiting.

    door         who asks, what they may, how often; what every answer has
    problems     refusals as application/problem+json
    repeating    the same Idempotency-Key is the same answer
    paging       cursors
    shapes       what goes in and out, and nothing else
    description  the OpenAPI document and the page made of it
"""
