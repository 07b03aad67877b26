

# Kiln's, appended to matplotlib.pyplot in this image: where a request asks for artifacts, Kiln sets the variable, and
# figures that are open and were never saved are saved at the end, as figure-<number>.png in the working directory.
def _keep_open_figures():
    import atexit
    import os

    if os.environ.get("KILN_OPEN_FIGURES") != "save":
        return
    directory, save = os.getcwd(), Figure.savefig

    @functools.wraps(save)
    def savefig(self, *arguments, **options):
        self._kiln_was_saved = True
        return save(self, *arguments, **options)

    def at_end():
        for number in get_fignums():
            manager = _pylab_helpers.Gcf.figs[number]
            figure = manager.canvas.figure
            if not getattr(figure, "_kiln_was_saved", False):
                figure.savefig(os.path.join(directory, f"figure-{number}.png"))

    Figure.savefig = savefig
    # Handlers run last in, first out: before pyplot's own, which closes all figures.
    atexit.register(at_end)


_keep_open_figures()
del _keep_open_figures
