"""The tools over standard input and output: for a host that starts the server itself."""

from mcp.server.stdio import stdio_server

from darkroom.mcp.serving import Shop, mcp_server


async def serve_stdio(shop: Shop) -> None:
    """Answer until the host closes the input."""
    server = mcp_server(shop)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
