// What the standard library asks of libunwind for a backtrace. Nothing unwinds here: a panic aborts, and Android's crash
// dump walks the stack itself, from outside, by the tables in the file.

typedef int (*visit)(void *context, void *argument);

// End of stack (_URC_END_OF_STACK).
int _Unwind_Backtrace(visit visit, void *argument) { (void)visit, (void)argument; return 5; }
void *_Unwind_GetIP(void *context) { (void)context; return 0; }
#ifdef __arm__
// Failed (_UVRSR_FAILED).
int _Unwind_VRS_Get(void *context, int class, unsigned number, int form, void *value) {
    (void)context, (void)class, (void)number, (void)form, (void)value;
    return 2;
}
#endif
