// As the C standard has it. ring asserts what cannot fail; a release build does without.
#undef assert
#define assert(condition) ((void)0)
#define static_assert _Static_assert
