"""Change the product in one small place at a time, and look whether a test notices.

`changes` are those that mutmut makes, and some that suit SQL and declarations. mutmut itself leaves
out decorated functions and the bodies of classes, which is where actions are declared; cosmic-ray
starts the tests, and migrates a database, for every mutant; and what mutmut brings along changes
what the product imports. So `running` keeps one pytest with everything imported and every test
collected, and lets a copy of this process run the few tests that execute the changed lines. What is
declared, rather than called, needs a process that imports the product anew.
"""
