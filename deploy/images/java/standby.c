// Holds a started Java virtual machine until its program arrives.
//
// Kiln's agent starts the plain command line (`java OPTIONS -cp PATH @FILE`) with this library in LD_PRELOAD, before
// FILE exists. The java command is a stub: it calls JLI_Launch, which here takes the place of the one in libjli. It
// does what that one does, in the same order, but for a pause between the start of the machine and the loading of the
// main class, in which it waits on the socket whose number is in KILN_STANDBY_FD. Once released it takes arguments
// and environment of the request and goes on.
//
// No code of Kiln's is on the program's stack or class path, and no thread, variable or descriptor is left. Where
// KILN_STANDBY_FD is not set, or the command line is one that this file does not know, libjli's own function runs.
//
// A class named by KILN_STANDBY_WARM has its static method warmUp() called while nobody has asked for anything; its native
// method isAwaited() tells it when somebody does.
//
// Conversation: this side writes "R"; the other side writes a 4-byte little-endian length and that many bytes:
// NUL-terminated strings, first the count of arguments in decimal, then the arguments, then the whole environment as
// NAME=VALUE. An end of stream before that is complete ends the process with status 0. Anything else that goes wrong
// before the release ends it with EX_SOFTWARE, so that a program never starts half prepared.
//
// The functions and options are those of OpenJDK 17; another release needs another look at what its launcher does.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <jni.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "holder.h"

#define DESCRIPTOR_VARIABLE "KILN_STANDBY_FD"
#define WARM_VARIABLE "KILN_STANDBY_WARM"
// Of LauncherHelper.checkAndLoadMain: the main class is named.
#define LAUNCH_MODE_CLASS 1
#define OPTIONS_MAX 64

extern char **environ;

typedef jint (*CreateJavaVM)(JavaVM **, void **, void *);
typedef jint (*DefaultInitArgs)(void *);

// What JNI_GetDefaultJavaVMInitArgs fills for JNI 1.1: the only way to learn the machine's default stack size.
typedef struct {
    jint version;
    char **properties;
    jint checkSource;
    jint nativeStackSize;
    jint javaStackSize;
    jint unused[32];
    void *unused_pointers[16];
} InitArgs11;

static struct {
    CreateJavaVM create;
    JavaVMOption options[OPTIONS_MAX];
    int option_count;
    // The main class, or the file after @ that names it.
    const char *main_class;
    const char *argument_file;
    // Arguments of the command line after the main class, then those of the request.
    char **arguments;
    int argument_count;
    int descriptor;
    const char *warm;
} launch;

static _Noreturn void give_up(const char *reason) {
    fprintf(stderr, "kiln-standby: %s\n", reason);
    _exit(EX_SOFTWARE);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) give_up("out of memory");
    return memory;
}

static char *joined(const char *first, const char *second) {
    char *text = allocate(strlen(first) + strlen(second) + 1);
    return strcat(strcpy(text, first), second);
}

static void add_option(char *text) {
    if (launch.option_count == OPTIONS_MAX) give_up("too many options");
    launch.options[launch.option_count++].optionString = text;
}

// Takes the command line apart; false where it is none that a standby is started with.
static int parse(int argc, char **argv) {
    int index = 1;
    for (; index < argc && argv[index][0] == '-'; index++) {
        const char *word = argv[index];
        if (!strcmp(word, "-cp") && index + 1 < argc) {
            add_option(joined("-Djava.class.path=", argv[++index]));
        } else if (!strncmp(word, "-X", 2) || !strncmp(word, "-D", 2)) {
            add_option(strdup(word));
        } else {
            return 0;
        }
    }
    if (index == argc) return 0;
    if (argv[index][0] == '@') {
        launch.argument_file = argv[index] + 1;
    } else {
        launch.main_class = argv[index];
    }
    launch.argument_count = argc - index - 1;
    launch.arguments = allocate(sizeof(char *) * (size_t)(launch.argument_count + 1));
    memcpy(launch.arguments, argv + index + 1, sizeof(char *) * (size_t)launch.argument_count);
    return 1;
}

// Reads the main class from the argument file: one quoted word, as KilnJavac writes it.
static void read_argument_file(void) {
    FILE *file = fopen(launch.argument_file, "re");
    if (!file) {
        // The words of libjli.
        fprintf(stderr, "Error: could not open `%s'\n", launch.argument_file);
        exit(1);
    }
    char line[PATH_MAX];
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    char *name = allocate(length + 1);
    char *end = name;
    for (size_t index = 0; index < length && line[index] != '\n'; index++) {
        if (line[index] == '"') continue;
        if (line[index] == '\\' && index + 1 < length) index++;
        *end++ = line[index];
    }
    launch.main_class = name;
}

static void load_machine(DefaultInitArgs *defaults) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) give_up("no /proc/self/exe");
    path[length] = 0;
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(path, '/');
        if (slash) *slash = 0;
    }
    void *machine = dlopen(joined(path, "/lib/server/libjvm.so"), RTLD_NOW | RTLD_GLOBAL);
    if (!machine) give_up(dlerror());
    launch.create = (CreateJavaVM)dlsym(machine, "JNI_CreateJavaVM");
    *defaults = (DefaultInitArgs)dlsym(machine, "JNI_GetDefaultJavaVMInitArgs");
    if (!launch.create || !*defaults) give_up("libjvm lacks a function");
}

static void read_exactly(void *into, size_t size) {
    for (size_t filled = 0; filled < size;) {
        ssize_t count = read(launch.descriptor, (char *)into + filled, size - filled);
        if (count == 0) _exit(0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) give_up("the control stream cannot be read");
        filled += (size_t)count;
    }
}

// Makes the environment exactly these variables, and /proc/self/environ show as many as fit where the old ones were.
static void replace_environment(char *variables, char *end) {
    char *start = environ[0];
    char *room_end = start;
    for (char **variable = environ; *variable; variable++) {
        if (*variable == room_end) room_end += strlen(*variable) + 1;
    }
    size_t count = 0;
    for (char *variable = variables; variable < end; variable += strlen(variable) + 1) count++;
    char **replaced = allocate(sizeof(char *) * (count + 1));
    count = 0;
    for (char *variable = variables; variable < end; variable += strlen(variable) + 1) {
        if (strchr(variable, '=')) replaced[count++] = variable;
    }
    environ = replaced;
    char *place = start;
    for (size_t index = 0; index < count; index++) {
        size_t size = strlen(replaced[index]) + 1;
        if (place + size > room_end) continue;
        memcpy(place, replaced[index], size);
        place += size;
    }
    if (place) memset(place, 0, (size_t)(room_end - place));
}

static void report_ready(void) {
    if (write(launch.descriptor, "R", 1) != 1) _exit(0);
}

// Waits, and takes what the request brings.
static void take_request(void) {
    unsigned char size_bytes[4];
    read_exactly(size_bytes, sizeof size_bytes);
    size_t size = size_bytes[0] | (size_t)size_bytes[1] << 8 | (size_t)size_bytes[2] << 16 | (size_t)size_bytes[3] << 24;
    char *message = allocate(size + 1);
    read_exactly(message, size);
    close(launch.descriptor);
    char *next = message;
    long count = strtol(next, NULL, 10);
    next += strlen(next) + 1;
    char **arguments = allocate(sizeof(char *) * (size_t)(launch.argument_count + count + 1));
    memcpy(arguments, launch.arguments, sizeof(char *) * (size_t)launch.argument_count);
    for (long index = 0; index < count && next < message + size; index++) {
        arguments[launch.argument_count++] = next;
        next += strlen(next) + 1;
    }
    launch.arguments = arguments;
    replace_environment(next, message + size);
}

static jstring platform_string(JNIEnv *env, jclass helper, const char *text) {
    jsize length = (jsize)strlen(text);
    jbyteArray bytes = (*env)->NewByteArray(env, length);
    if (!bytes) return NULL;
    (*env)->SetByteArrayRegion(env, bytes, 0, length, (const jbyte *)text);
    jmethodID make = (*env)->GetStaticMethodID(env, helper, "makePlatformString", "(Z[B)Ljava/lang/String;");
    if (!make) return NULL;
    jstring string = (*env)->CallStaticObjectMethod(env, helper, make, JNI_TRUE, bytes);
    (*env)->DeleteLocalRef(env, bytes);
    return string;
}

static jobjectArray argument_array(JNIEnv *env, jclass helper) {
    jclass strings = (*env)->FindClass(env, "java/lang/String");
    if (!strings) return NULL;
    jobjectArray array = (*env)->NewObjectArray(env, launch.argument_count, strings, NULL);
    for (int index = 0; array && index < launch.argument_count; index++) {
        jstring string = platform_string(env, helper, launch.arguments[index]);
        if (!string) return NULL;
        (*env)->SetObjectArrayElement(env, array, index, string);
        (*env)->DeleteLocalRef(env, string);
    }
    return array;
}

// What libjli had on the machine's command line, had it known the program: the class and its arguments.
static void set_command_property(JNIEnv *env, jclass helper) {
    size_t size = strlen(launch.main_class) + 1;
    for (int index = 0; index < launch.argument_count; index++) size += strlen(launch.arguments[index]) + 1;
    char *command = allocate(size);
    strcpy(command, launch.main_class);
    for (int index = 0; index < launch.argument_count; index++) {
        strcat(strcat(command, " "), launch.arguments[index]);
    }
    jclass system = (*env)->FindClass(env, "java/lang/System");
    jmethodID set = (*env)->GetStaticMethodID(env, system, "setProperty",
                                              "(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;");
    (*env)->CallStaticObjectMethod(env, system, set, (*env)->NewStringUTF(env, "sun.java.command"),
                                   platform_string(env, helper, command));
    free(command);
}

static jboolean is_awaited(JNIEnv *env, jclass class) {
    (void)env, (void)class;
    struct pollfd control = {launch.descriptor, POLLIN, 0};
    return poll(&control, 1, 0) != 0;
}

static void warm_up(JNIEnv *env) {
    jclass loader = (*env)->FindClass(env, "java/lang/ClassLoader");
    jmethodID system_loader =
        (*env)->GetStaticMethodID(env, loader, "getSystemClassLoader", "()Ljava/lang/ClassLoader;");
    jobject application = (*env)->CallStaticObjectMethod(env, loader, system_loader);
    jmethodID load = (*env)->GetMethodID(env, loader, "loadClass", "(Ljava/lang/String;)Ljava/lang/Class;");
    jclass class = (*env)->CallObjectMethod(env, application, load, (*env)->NewStringUTF(env, launch.warm));
    if (!class) give_up("the class to warm up is missing");
    JNINativeMethod awaited = {"isAwaited", "()Z", (void *)is_awaited};
    if ((*env)->RegisterNatives(env, class, &awaited, 1)) give_up("the class to warm up has no isAwaited()");
    jmethodID warm = (*env)->GetStaticMethodID(env, class, "warmUp", "()V");
    if (!warm) give_up("the class to warm up has no warmUp()");
    (*env)->CallStaticVoidMethod(env, class, warm);
    if ((*env)->ExceptionOccurred(env)) {
        (*env)->ExceptionDescribe(env);
        give_up("warmUp() has failed");
    }
}

// From the loading of the main class to the end of main; the exit code.
static intptr_t run_main(JNIEnv *env, jclass helper) {
    jmethodID check = (*env)->GetStaticMethodID(env, helper, "checkAndLoadMain", "(ZILjava/lang/String;)Ljava/lang/Class;");
    if (!check) return 1;
    jstring name = platform_string(env, helper, launch.main_class);
    if (!name) return 1;
    jclass main_class = (*env)->CallStaticObjectMethod(env, helper, check, JNI_TRUE, LAUNCH_MODE_CLASS, name);
    if (!main_class) return 1;
    jobjectArray arguments = argument_array(env, helper);
    if (!arguments) return 1;
    jmethodID entry = (*env)->GetStaticMethodID(env, main_class, "main", "([Ljava/lang/String;)V");
    if (!entry) return 1;
    (*env)->CallStaticVoidMethod(env, main_class, entry, arguments);
    return (*env)->ExceptionOccurred(env) ? 1 : 0;
}

static void *java_main(void *unused) {
    JavaVM *machine = NULL;
    JNIEnv *env = NULL;
    JavaVMInitArgs init = {JNI_VERSION_1_2, launch.option_count, launch.options, JNI_FALSE};
    (void)unused;
    if (launch.create(&machine, (void **)&env, &init) != JNI_OK) give_up("the virtual machine does not start");
    jclass helper = (*env)->FindClass(env, "sun/launcher/LauncherHelper");
    if (!helper) give_up("no LauncherHelper");
    report_ready();
    if (launch.warm) warm_up(env);
    take_request();
    if (launch.argument_file) read_argument_file();
    set_command_property(env, helper);
    intptr_t status = run_main(env, helper);
    // An exception is still pending: detaching hands it to the thread's handler, which prints it.
    if ((*machine)->DetachCurrentThread(machine) != JNI_OK) status = 1;
    (*machine)->DestroyJavaVM(machine);
    return (void *)status;
}

static int launch_waiting(void) {
    make_holder();
    DefaultInitArgs defaults;
    load_machine(&defaults);
    InitArgs11 sizes = {.version = JNI_VERSION_1_1};
    defaults(&sizes);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (sizes.javaStackSize > 0) pthread_attr_setstacksize(&attributes, (size_t)sizes.javaStackSize);
    pthread_attr_setguardsize(&attributes, 0);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, java_main, NULL)) give_up("no thread for the program");
    void *status = NULL;
    pthread_join(thread, &status);
    return (int)(intptr_t)status;
}

// In the place of libjli's: the argument file does not exist yet.
void *JLI_PreprocessArg(const char *argument, jboolean expand) {
    if (getenv(DESCRIPTOR_VARIABLE)) return NULL;
    void *(*real)(const char *, jboolean);
    *(void **)&real = dlsym(RTLD_NEXT, "JLI_PreprocessArg");
    return real ? real(argument, expand) : NULL;
}

// In the place of libjli's.
int JLI_Launch(int argc, char **argv, int jargc, const char **jargv, int appclassc, const char **appclassv,
               const char *fullversion, const char *dotversion, const char *pname, const char *lname, jboolean javaargs,
               jboolean cpwildcard, jboolean javaw, jint ergo) {
    const char *descriptor = getenv(DESCRIPTOR_VARIABLE);
    if (descriptor && parse(argc, argv)) {
        launch.descriptor = atoi(descriptor);
        const char *warm = getenv(WARM_VARIABLE);
        launch.warm = warm ? strdup(warm) : NULL;
        add_option("-Dsun.java.command=");
        add_option("-Dsun.java.launcher=SUN_STANDARD");
        return launch_waiting();
    }
    int (*real)(int, char **, int, const char **, int, const char **, const char *, const char *, const char *,
                const char *, jboolean, jboolean, jboolean, jint);
    *(void **)&real = dlsym(RTLD_NEXT, "JLI_Launch");
    if (!real) give_up("this is not java");
    return real(argc, argv, jargc, jargv, appclassc, appclassv, fullversion, dotversion, pname, lname, javaargs,
                cpwildcard, javaw, ergo);
}
