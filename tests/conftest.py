"""Helpers that several tests share, as fixtures; which tests are slow, and in what order files run."""

import compileall
import functools
import gc
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.helpers import agreement as agreement_of_draws
from tests.helpers import ffmpeg as ffmpeg_of_tests

# A shell starts jobs in the background with Ctrl-C ignored, and so are the processes that they start.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Files whose tests take over five seconds together: they fit models at length, start processes, draw all figures.
# `pytest -m "not slow"` leaves them out, and then takes under 90 seconds on two cores once all is compiled.
SLOW = {
    "benchmarks/test_efficiency",
    "benchmarks/test_platforms",
    "benchmarks/test_posteriors",
    "benchmarks/test_roaches",
    "diagnostics/test_moment_matching",
    "diagnostics/test_moment_matching_roaches",
    "diagnostics/test_necks",
    "diagnostics/test_rstar",
    "figures/cafes/test_sheet",
    "figures/cells/test_cells",
    "figures/claims/test_claims",
    "figures/confounds/test_effects",
    "figures/drawing/test_film",
    "figures/drawing/test_fitting",
    "figures/drawing/test_style",
    "figures/lecture/page/test_explorables",
    "figures/lecture/page/test_explorables_at_length",
    "figures/lecture/page/test_page_in_a_browser",
    "figures/lecture/tables/test_comparisons",
    "figures/lecture/tables/test_confounds",
    "figures/lecture/tables/test_estimates",
    "figures/lecture/tables/test_tables",
    "figures/lecture/test_lecture_command",
    "figures/lecture/work/test_making",
    "figures/sampler/test_internals",
    "figures/sampler/test_neck",
    "figures/sampler/test_toys",
    "figures/sampler/test_toys_known",
    "figures/tadpoles/test_survival",
    "figures/tadpoles/test_sweep",
    "figures/tadpoles/test_tanks",
    "figures/test_argument",
    "figures/test_convergence",
    "figures/test_registry",
    "figures/test_trolley",
    "hmc/checking/test_check",
    "hmc/checking/test_declared",
    "hmc/checking/test_density_faults",
    "hmc/checking/test_edges",
    "hmc/checking/test_model_faults",
    "hmc/checking/test_right_constraints",
    "hmc/checking/test_simulated",
    "hmc/cli/test_commands",
    "hmc/cli/test_names",
    "hmc/cli/test_new",
    "hmc/cli/test_options",
    "hmc/cli/test_out",
    "hmc/cli/test_reference",
    "hmc/jit/test_cache",
    "hmc/jit/test_reach",
    "hmc/record/test_macro_steps",
    "hmc/record/test_transitions",
    "hmc/results/test_archive",
    "hmc/results/test_checkpoint",
    "hmc/results/test_checkpoint_file",
    "hmc/results/test_export",
    "hmc/results/test_predictive",
    "hmc/running/test_cluster",
    "hmc/running/test_faults",
    "hmc/running/test_interrupt",
    "hmc/running/test_interrupts",
    "hmc/running/test_load",
    "hmc/running/test_matrix",
    "hmc/running/test_other_posteriors",
    "hmc/running/test_processes",
    "hmc/running/test_replication_processes",
    "hmc/running/test_threads",
    "hmc/sampler/test_chain",
    "hmc/sampler/test_chain_through",
    "hmc/sampler/test_climbing",
    "hmc/sampler/test_detailed_balance",
    "hmc/sampler/test_macro_step",
    "hmc/sampler/test_targets",
    "hmc/sampler/test_textbook",
    "hmc/sampler/test_walnuts",
    "hmc/test_determinism",
    "hmc/test_foreign",
    "hmc/test_memory",
    "hmc/test_replication",
    "hmc/test_sample",
    "hmc/web/page/test_lecture_draws",
    "hmc/web/page/test_playing",
    "hmc/web/page/test_stepping",
    "hmc/web/test_browser",
    "hmc/web/test_every_model",
    "hmc/web/test_module",
    "hmc/web/test_process",
    "hmc/web/test_recording",
    "hmc/web/test_settings_in_javascript",
    "models/confounds/test_confounds",
    "models/confounds/test_simulation",
    "models/reedfrogs/test_reedfrogs",
    "models/reedfrogs/test_simulation",
    "models/tables/test_bad_files_command",
    "models/tables/test_fuzz_files",
    "models/tables/test_fuzz_frames",
    "models/test_cafes_simulation",
    "models/test_every_model",
    "models/trolley/test_everything",
    "models/trolley/test_stories",
    "test_calibration",
    "test_calibration_run",
    "test_dask",
    "test_docs_clusters",
    "test_docs_models",
    "test_every_calibration",
    "test_exact_posteriors",
    "test_lecture_claims",
    "test_loo_refit",
    "test_notebooks",
    "test_planning",
    "test_posteriors",
    "test_readme",
    "test_trolley_posteriors",
}

# Tests that take minutes, and repeat on all models or at length what others show on one. They run where HMC_LONG_TESTS
# is set, as before a release; elsewhere they are skipped: continuous integration has twenty minutes on two cores.
LONG = {
    "benchmarks/test_efficiency",
    "benchmarks/test_posteriors::test_check_finds_nothing_wrong",
    "benchmarks/test_posteriors::test_check_sees_a_gradient_that_is_off_by_a_thousandth",
    "figures/drawing/test_film::test_a_film_of_the_lecture_is_written_as_mp4",
    "figures/lecture/page/test_explorables_at_length",
    "figures/lecture/work/test_making",
    "hmc/checking/test_model_faults",
    "hmc/cli/test_figures_look::test_figures_of_the_sampler_take_a_seed_and_a_step_size",
    "hmc/test_memory::test_table_verdict_and_file_take_the_draws_of_a_fit_and_their_values_and_little_else",
    "hmc/test_memory::test_draws_that_are_joined_to_be_judged_would_be_seen",
    "hmc/jit/test_cache::test_sampling_works_where_nothing_can_be_kept",
    "hmc/running/test_load",
    "hmc/running/test_replication_processes::test_whatever_a_simulator_reaches_a_worker_has_it_as_it_is_now",
    "hmc/sampler/test_walnuts::test_a_broken_rule_moves_exact_draws_away",
    "hmc/sampler/test_walnuts::test_exact_draws_stay_exact_draws",
    "hmc/web/page/test_lecture_exact",
    "hmc/web/page/test_lecture_page",
    "hmc/web/page/test_playing::test_an_ordered_vector_and_a_simplex_are_shown_on_their_own_scale",
    "hmc/web/page/test_playing::test_draws_of_a_line_stand_above_each_other_in_their_order",
    "hmc/web/test_every_model::test_models_of_the_lecture",
    "hmc/web/test_every_model::test_models_of_the_lecture_in_the_page",
    "hmc/web/test_every_model::test_toys",
    "hmc/web/test_every_model::test_walnuts",
    "hmc/web/test_process::test_a_kept_process_of_older_code_makes_nothing",
    "hmc/web/test_process::test_a_worker_makes_modules_too_and_ends",
    "hmc/web/test_module::test_a_density_that_raises_leaves_the_memory_as_large_as_it_is",
    "hmc/web/test_module::test_every_setting_of_walnuts_gives_the_draws_of_sample",
    "hmc/web/test_module::test_scalar_instructions_give_the_same_draws",
    "models/test_every_model::test_check_finds_nothing_wrong",
    "test_calibration::test_the_lectures_model_passes",
    "test_calibration::test_a_wrong_gradient_leaves_the_ranks_uniform_but_the_chains_hardly_move",
    "test_calibration::test_a_density_that_forgets_data_shows_in_the_log_likelihood_alone",
    "test_calibration::test_a_prior_that_the_data_overwhelm_shows_without_them",
    "test_calibration::test_data_that_are_left_out_are_not_missed",
    "test_calibration::test_the_same_model_written_anew_passes",
    "test_calibration::test_a_missing_jacobian_shows_where_there_are_1000_replications",
    "test_calibration::test_a_right_model_fails_as_often_as_its_level_says",
    "test_every_calibration",
    "test_docs_clusters::test_the_script_for_dask_runs_as_it_stands_and_leaves_nothing_behind",
    "test_dask::test_the_lecture_has_the_tables_of_this_process",
    "test_lecture_claims",
}

# Of these tests, cases that run only then, too: others are like them.
LONG_CASES = {
    "hmc/checking/test_check::test_nothing_is_found_in_a_right_model": {"3"},
    "figures/sampler/test_toys::test_marginals_are_densities": {"donut"},
    "figures/sampler/test_toys_known::test_curves_are_densities_between_their_ends": {"donut"},
    "figures/lecture/test_lecture_command::test_a_run_that_is_stopped_goes_on_where_it_was": {"9"},
    "hmc/jit/test_cache::test_code_that_others_may_have_written_is_not_loaded_and_one_line_says_so": {
        *("the root-group", "the root-others", "the file-others", "the folder-group", "the folder-others"),
        *("the root-owner", "the folder-owner"),
    },
    "hmc/jit/test_cache::test_damaged_file_is_compiled_again_and_mended": {"<lambda>0", "<lambda>1"},
    "hmc/jit/test_reach::test_what_a_function_reaches_is_what_it_is_now": {
        *("constant", "helper", "helper's constant", "helper's helper's constant", "helper in a module", "closure"),
        *("array anew", "array in a tuple", "type in place", "constant of a helper that ran before"),
        *("helper in a tuple", "default", "code", "shape in place"),
        *("module in a module under a local name", "another module in a closed-over module", "module as a default"),
        *("array of a closed-over module", "attribute by getattr and a global name", "module that is passed on"),
        *("module that is passed to a kernel", "module that is passed to a kernel in it"),
        *("module under a local name of a helper", "another helper in a closed-over module"),
        *("kernel in a closed-over module", "helper in a module in a module under a local name"),
    },
    "hmc/checking/test_density_faults::test_every_fault_is_found_and_named": {
        *("sign of all", "constant at some points", "jacobian of an interval in the gradient alone", "+inf in places"),
        *("no jacobian of an interval", "shape too small", "jump of a sum", "energy with the density's gradient"),
    },
    "hmc/checking/test_simulated::"
    "test_a_density_that_is_not_of_its_simulators_is_found_though_its_data_have_no_weight": {
        *("jacobian twice-5", "jacobian forgotten-40", "likelihood half-5"),
    },
    "hmc/checking/test_right_constraints::test_nothing_is_found_in_a_right_model_of_each_constraint": {
        *("positive numbers", "lower of each", "upper of each", "unit_vector of 2", "cholesky_corr of 2"),
    },
    "hmc/checking/test_simulated::test_nothing_is_found_where_they_agree": {"40-None"},
    "hmc/cli/test_names::test_a_model_file_may_have_any_name": {"random", "lambda", "models", "mine"},
    "hmc/cli/test_names::test_python_m_hmc_cli_finds_ours_too": {"queue", "figures"},
    "hmc/results/test_checkpoint::test_a_run_taken_up_after_any_chunk_gives_the_draws_of_one_that_never_stopped": {
        *(
            "a metric of low rank",
            "paths of fixed length",
            "given starts",
            "a dense metric",
            "the unit metric",
            "Stan's windows",
        ),
    },
    "hmc/sampler/test_climbing::test_no_chain_of_an_arma_is_stuck": {
        f"{metric}-{adaptation}-10.0" for metric in ("unit", "diag", "dense") for adaptation in ("windows", "gradients")
    },
    "hmc/sampler/test_targets::test_correlated_normal_in_100_dimensions": {
        *(
            "hmc-gradients-diag",
            "nuts-gradients-low_rank",
            "nuts-windows-dense",
            "nuts-windows-diag",
            "nuts-gradients-dense",
            "walnuts-gradients-auto",
        ),
    },
    "hmc/running/test_interrupt::test_interrupt_gives_the_complete_draws_at_once": {
        *("Python, in the calling thread", "processes, signal to all"),
    },
    "hmc/running/test_replication_processes::test_interrupt_gives_the_finished_replications_at_once": {
        "Python, in the calling thread"
    },
    "hmc/running/test_matrix::test_draws_are_the_same_bit_for_bit": {
        *("a process pool, spawn, in chunks", "a process pool, spawn, extended"),
    },
    "hmc/running/test_other_posteriors::test_an_edited_density_is_refused_with_and_without_the_jit": {"jit1"},
    "models/test_every_model::test_simulators_compile_and_draw_the_same": {
        "mRXma",
        "mRXma2",
        "mr",
        "mrx",
        "mSTD",
        "mSTG",
        "mSTPDG",
    },
    "test_calibration::test_a_wrong_prior_of_the_intercepts_shows": {"1", "2"},
    "test_posteriors::test_so_they_do_with_every_other_way_of_sampling": {"settings0", "settings1"},
    "test_exact_posteriors::test_all_means_sds_and_quantiles_agree_with_the_known_posterior": {"mRS"},
}

# The files that take longest begin first, so that none is left over at the end, when the other workers have nothing to
# do. The first samples and the next four do not: else two workers would compile the sampler at the same time.
FIRST = (
    "test_exact_posteriors",
    "hmc/jit/test_reach",
    "hmc/checking/test_check",
    "hmc/checking/test_simulated",
    "hmc/jit/test_cache",
    "figures/lecture/test_lecture_command",
    "hmc/running/test_processes",
    "hmc/running/test_faults",
    "test_notebooks",
    "test_calibration",
    "test_dask",
)


def pytest_configure(config):
    """Keep the files in our order, and compile the bytecode once for the hundreds of processes that tests start."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # else pytest-xdist begins with the files of the most tests
    if not hasattr(config, "workerinput"):
        for package in ("hmc", "models", "diagnostics", "figures"):
            compileall.compile_dir(Path(__file__).parents[1] / package, quiet=2)


def pytest_collection_modifyitems(items):
    """Mark the tests of slow files, and put those of `FIRST` first."""
    gc.freeze()  # a process of tests has millions of objects to look through for garbage, each time it compiles
    root = Path(__file__).parent
    files = {item: item.path.relative_to(root).with_suffix("").as_posix() for item in items}
    for item, file in files.items():
        if file in SLOW:
            item.add_marker(pytest.mark.slow)
        if not os.environ.get("HMC_LONG_TESTS") and is_long(file, item):
            item.add_marker(pytest.mark.skip(reason="takes long: it runs with HMC_LONG_TESTS=1"))
    place = {file: number for number, file in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(files[item], len(FIRST)))  # which leaves the others in their order


def is_long(file, item):
    """Whether a test is one of LONG or LONG_CASES."""
    test, case = f"{file}::{item.originalname}", getattr(getattr(item, "callspec", None), "id", None)
    return bool({file, test} & LONG) or case in LONG_CASES.get(test, ())


@pytest.fixture(scope="session")
def agreement():
    """Draws of a whole model against known values: the functions of tests/helpers/agreement.py."""
    return agreement_of_draws


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Called, it puts a program of this name first in the path, which records what it gets."""
    return functools.partial(ffmpeg_of_tests.install, tmp_path / "bin", monkeypatch)
