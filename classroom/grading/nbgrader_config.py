"""Settings of nbgrader for a course made of the sheets: ../README.md."""

c = get_config()  # noqa: F821, nbgrader gives it
c.CourseDirectory.course_id = "wsgi-workbook"
# What stands where an answer goes, as in the sheets themselves.
c.ClearSolutions.code_stub = {"python": "pass  # Write your answer here."}
# A check ends by itself; this is for what nobody has foreseen.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True
# No cell of a learner's runs in the kernel that gives the points: answers.py.
c.Autograde.pre_convert_hook = "classroom.grading.answers.find_renamed"
c.Autograde.sanitize_preprocessors = [
    "classroom.grading.answers.TakeAnswers",
    *(
        f"nbgrader.preprocessors.{name}"
        for name in (
            "ClearOutput",
            "DeduplicateIds",
            "OverwriteKernelspec",
            "OverwriteCells",
            "CheckCellMetadata",
        )
    ),
]
c.Autograde.autograde_preprocessors = [
    "classroom.grading.answers.RunChecks",
    *(
        f"nbgrader.preprocessors.{name}"
        for name in (
            "IgnorePattern",
            "LimitOutput",
            "SaveAutoGrades",
            "AssignLatePenalties",
            "CheckCellMetadata",
        )
    ),
]
