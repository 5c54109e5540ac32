"""Settings of nbgrader for a course made of the sheets: ../README.md."""

c = get_config()  # noqa: F821, nbgrader gives it
c.CourseDirectory.course_id = "wsgi-workbook"
# What stands where an answer goes, as in the sheets themselves.
c.ClearSolutions.code_stub = {"python": "pass  # Write your answer here."}
# An answer may loop for ever: stop that cell, and go on with the next.
c.ExecutePreprocessor.timeout = 60
c.ExecutePreprocessor.interrupt_on_timeout = True
