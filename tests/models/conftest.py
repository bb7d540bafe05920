import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes half a minute or several GB of memory")


@pytest.fixture
def layers():
    """The rows of a network's layer table that have parameters; the network is built without its weights."""
    import torch

    from course_pkg.arithmetic import layer_table

    def rows(build, all_rows=False):
        with torch.device("meta"):
            net = build()
            table = layer_table(net, net.input_size)
        return [row for row in table if row.parameters or all_rows]

    return rows


@pytest.fixture
def stripes():
    """Four images each of another pattern, (4, channels, side, side): across, down and both diagonals."""
    import torch

    def images(channels, side):
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        patterns = [torch.sin(1.2 * wave) for wave in (x, y, (x + y) / 1.4, (x - y) / 1.4)]
        return torch.stack(patterns)[:, None].repeat(1, channels, 1, 1)

    return images
