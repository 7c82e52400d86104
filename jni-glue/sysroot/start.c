// Where an executable starts on Android: hands the kernel's stack to the C library, which calls main.
//
// bionic's own start object takes arrays of functions to run before and after main from the sections of that name. The
// dynamic linker runs them already; what remains is to say that there are none more (libc_init_dynamic.cpp: an array of
// end functions counts only if it begins with -1).

typedef void (*function)(void);

struct arrays {
    function *before, *at_start, *at_end;
};

_Noreturn void __libc_init(void *stack, function on_exit, int (*main)(int, char **, char **), const struct arrays *);
int main(int, char **, char **);

static function none[2];

__attribute__((used)) static _Noreturn void start(void *stack) {
    static const struct arrays arrays = {none, none, none};
    __libc_init(stack, 0, main, &arrays);
}

#if defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tb start\n");
#elif defined(__arm__)
__asm__(".globl _start\n.type _start, %function\n_start:\n\tmov lr, #0\n\tmov r0, sp\n\tb start\n");
#elif defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#elif defined(__i386__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start\n");
#endif
