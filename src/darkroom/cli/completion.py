"""``darkroom completion``: the script by which a shell completes commands and options."""

import click

_VARIABLE = "_DARKROOM_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
        eval "$(darkroom completion bash)"                     in ~/.bashrc
        eval "$(darkroom completion zsh)"                      in ~/.zshrc
        darkroom completion fish > ~/.config/fish/completions/darkroom.fish
    """
    from click.shell_completion import get_completion_class

    made_by = get_completion_class(shell)
    if made_by is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(made_by(ctx.find_root().command, {}, "darkroom", _VARIABLE).source())
