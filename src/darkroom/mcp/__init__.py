"""The tools for agents, by the Model Context Protocol: one code, over stdio and over HTTP.

It works through the SDK, as any caller does: a key's account, budget and rights hold as they are.
"""
