"""The course's command line: `python -m course_pkg COMMAND`.

Each command lives in the module that it names; this file only reads the arguments.
"""

import argparse
import sys
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_pkg", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train a chapter's networks, or a large one on a GPU")
    train.add_argument("name", help="which experiment, for example lenet, or a large network such as alexnet")
    train.add_argument(
        "--out",
        type=Path,
        help="folder for results and weights (default: book/results; of other runs _build/train/results, of "
        "large networks _build/gpu)",
    )
    train.add_argument("--steps", type=int, help="updates of each network, if not those of the experiment")
    train.add_argument("--seeds", type=int, nargs="+", help="if not those of the experiment")
    train.add_argument("--networks", nargs="+", help="if not all of the experiment")
    large = train.add_argument_group("large networks")
    large.add_argument(
        "--data", help="which set, for example imagenet (default: cifar10 or stamps, to be fetched)"
    )
    large.add_argument("--folder", type=Path, help="where the set was unpacked, if it was not fetched")
    large.add_argument("--profile", choices=["full", "smoke"], help="default: full on a GPU, else smoke")
    large.add_argument("--anyway", action="store_true", help="in full even without a GPU")

    bench = commands.add_parser("bench", help="measure speed on this machine, beside a plain PyTorch loop")
    bench.add_argument("what", choices=["train"], help="what is measured: steps of training")
    bench.add_argument("--profile", choices=["full", "smoke"], help="default: full on a GPU, else smoke")
    bench.add_argument(
        "--out", type=Path, help="file for the figures (default: book/results/training_speed.json)"
    )

    commands.add_parser("models", help="the networks, their layers and parameters, beside published figures")

    data = commands.add_parser("data", help="the larger real sets: list them, fetch one, say where it lies")
    data.add_argument("action", choices=["list", "fetch", "path"])
    data.add_argument("name", nargs="?", help="which set, for example cifar10")

    check = commands.add_parser("check", help="run the visible tests of your copy of an assignment")
    check.add_argument("notebook", type=Path)

    commands.add_parser("release", help="make assignments/ from solutions/")

    table = commands.add_parser("kill-table", help="the page on what an assignment's tests were tried on")
    table.add_argument("assignment")
    table.add_argument("--out", type=Path, default=Path("book/guides"), help="folder for the page")

    sample = commands.add_parser("sample-class", help="set up a sample class with submissions to grade")
    sample.add_argument("folder", type=Path)

    grade = commands.add_parser("grade", help="grade an assignment of a class: scores, feedback, report, CSV")
    grade.add_argument("assignment")
    grade.add_argument("--class", dest="folder", type=Path, required=True, help="the class's folder")
    where = grade.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, help="how many submissions run at a time; default: one a core")
    where.add_argument("--scheduler", help="run them on the Dask cluster of this scheduler: tcp://HOST:PORT")
    grade.add_argument(
        "--again", nargs="+", default=[], metavar="STUDENT", help="run these anew, whatever is known of them"
    )
    grade.add_argument(
        "--unsandboxed",
        action="store_true",
        help="without a sandbox: students' code can do all that you can on this machine",
    )

    similarity = commands.add_parser("similarity", help="list the pairs of students whose code is alike")
    similarity.add_argument("assignment")
    similarity.add_argument("--class", dest="folder", type=Path, required=True, help="the class's folder")

    formgrader = commands.add_parser("formgrader", help="mark a class by hand in the browser")
    formgrader.add_argument("--class", dest="folder", type=Path, required=True, help="the class's folder")
    formgrader.add_argument("--port", type=int, help="where it listens (default: any free one)")
    formgrader.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )

    bundle = commands.add_parser("student-bundle", help="make the zip that students get")
    bundle.add_argument("--out", type=Path, default=Path("_build/student-bundle.zip"))
    return parser


def _train(options: argparse.Namespace) -> int:
    from course_pkg.training import experiments
    from course_pkg.training.full import command as large
    from course_pkg.training.full.run import NETWORKS

    own = {name: vars(options)[name] for name in ("data", "folder", "profile", "anyway")}
    foreign = [options.networks and "networks"] if options.name in NETWORKS else [n for n in own if own[n]]
    if any(foreign):
        print(f"train {options.name}: --{foreign[0]} is not for this one", file=sys.stderr)
        return 2
    if options.name in NETWORKS:
        return large.run(options.name, **own, out=options.out, steps=options.steps, seeds=options.seeds)
    return experiments.run(options.name, options.out, options.steps, options.seeds, options.networks)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    match options.command:
        case "train":
            from course_pkg.training.distributed import first_speaks, group

            with group(), first_speaks():
                return _train(options)
        case "bench":
            from course_pkg.training.speed import command as speed

            return speed.run(options.profile, options.out)
        case "models":
            from course_pkg.models import table

            return table.show()
        case "data":
            from course_pkg.data import command

            return command.run(options.action, options.name)
        case "check":
            from course_pkg.checks import notebook

            return notebook.check(options.notebook)
        case "release":
            from course_pkg.grading.assignments import release

            release.generate(Path("assignments"))
            return 0
        case "kill-table":
            from course_pkg.grading.assignments import kill_table

            print(kill_table.write(options.assignment, options.out))
            return 0
        case "sample-class":
            from course_pkg.grading.assignments import sample_class

            return sample_class.create(options.folder)
        case "grade":
            if options.scheduler is None:
                from course_pkg.grading.execution import pool_start

                pool_start.begin()  # before the imports of our own
            from course_pkg.grading.classroom.grade import grade

            return grade(
                options.folder,
                options.assignment,
                options.workers,
                options.scheduler,
                sandboxed=not options.unsandboxed,
                again=options.again,
            )
        case "similarity":
            from course_pkg.grading.reports import similarity

            return similarity.write(options.folder, options.assignment)
        case "formgrader":
            from course_pkg.grading.reports import formgrader

            return formgrader.serve(options.folder, options.port, options.browser)
        case "student-bundle":
            from course_pkg.grading.assignments import bundle

            return bundle.make(options.out)
    raise AssertionError(options.command)


if __name__ == "__main__":
    sys.exit(main())
