"""Change the product in one small place at a time, and look whether a test notices.

What changes is mutmut's choice (`making`). mutmut itself cannot run here: it leaves out decorated
functions and the bodies of classes, which is where actions are declared, and migrates a database
for each mutant. So `running` keeps one pytest with everything imported and every test collected,
and lets a copy of this process run the few tests that execute the changed lines. What is
declared, rather than called, needs a process that imports the product anew (`declared`).
"""
