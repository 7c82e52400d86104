// What ring's C asks for.
#pragma once
#include <stddef.h>
_Noreturn void abort(void);
