import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.JavaFileObject.Kind;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles as {@code javac -proc:none -d OUTDIR FILES...} does, with two differences: the first file may hold a public
 * class of any name, and OUTDIR/main.args, an argument file for {@code java}, tells which class to run.
 *
 * <p>Written for JDK 17 and later, in one file without a package, so that {@code java KilnJavac.java} runs it too.
 */
public final class KilnJavac {
    /** The first release whose launcher accepts a main that is not public, not static or has no parameter. */
    private static final int FLEXIBLE_MAIN_RELEASE = 25;
    /** What a waiting compiler compiles while it waits, from its jar: programs, and one with mistakes. */
    private static final List<String> WARM_UP = List.of("Training.java", "Mistakes.java", "Training.java");

    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            System.err.println("usage: KilnJavac OUTDIR MAIN.java [MORE.java...]");
            System.exit(2);
        }
        System.exit(compile(Path.of(args[0]), List.of(args).subList(1, args.length)) ? 0 : 1);
    }

    /**
     * Compiles what the jar brings for this, as often as pays, without a trace: the compiler that waits for a program has
     * compiled before. Stops where the program comes meanwhile. Reads no variable: the request's are not known yet.
     */
    public static void warmUp() throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        for (String name : WARM_UP) {
            if (isAwaited()) {
                return;
            }
            try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
                List<String> options = List.of("-proc:none", "-classpath", ".");
                List<JavaFileObject> sources = List.of(new Resource(name));
                compile(javac, new Discarding(files), options, sources, nowhere, new GivesWay());
            } catch (RuntimeException stopped) {
                if (!isAwaited()) {
                    throw stopped;
                }
            }
        }
    }

    /** Whether somebody waits for this compiler: what it waits in answers. */
    private static native boolean isAwaited();

    private static boolean compile(Path outDir, List<String> names) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        // What javac takes by itself; unsaid, the compiler would use the path this program was started with.
        String classPath = Optional.ofNullable(System.getenv("CLASSPATH")).orElse(".");
        List<String> options = List.of("-proc:none", "-d", outDir.toString(), "-classpath", classPath);
        PrintWriter err = new PrintWriter(System.err, true);
        try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
            List<JavaFileObject> sources = new ArrayList<>();
            for (JavaFileObject source : files.getJavaFileObjects(names.toArray(new String[0]))) {
                sources.add(sources.isEmpty() ? new AnyPublicName(source) : source);
            }
            Optional<MainFinder> finder = compile(javac, files, options, sources, err, null);
            if (finder.isPresent()) {
                writeLaunchArguments(outDir, finder.get(), names.get(0));
            }
            return finder.isPresent();
        }
    }

    /** Returns what was found of main methods, or nothing where the sources do not compile. */
    private static Optional<MainFinder> compile(
            JavaCompiler javac,
            JavaFileManager files,
            List<String> options,
            List<JavaFileObject> sources,
            PrintWriter err,
            TaskListener other) {
        // With no listener for diagnostics the compiler prints them itself, in javac's form and with javac's count.
        JavacTask task = (JavacTask) javac.getTask(err, files, null, options, null, sources);
        MainFinder finder = new MainFinder(task.getElements(), task.getTypes());
        task.addTaskListener(finder);
        if (other != null) {
            task.addTaskListener(other);
        }
        boolean compiled = task.call();
        err.flush();
        return compiled ? Optional.of(finder) : Optional.empty();
    }

    private static void writeLaunchArguments(Path outDir, MainFinder finder, String firstName) throws IOException {
        String fileName = new File(firstName).getName();
        String launched = finder.mainClass();
        if (launched == null) {
            // Not an error of the compiler's: java, given the first class, says what is missing and exits with 1.
            System.err.println("error: no class with a main method found in " + firstName);
            launched = Optional.ofNullable(finder.firstClass()).orElse(fileName.replaceFirst("\\.java$", ""));
        }
        String quoted = '"' + launched.replace("\\", "\\\\").replace("\"", "\\\"") + "\"\n";
        // The launcher reads the file in the platform's encoding, whatever file.encoding says.
        String encoding = System.getProperty("native.encoding", Charset.defaultCharset().name());
        Files.write(outDir.resolve("main.args"), quoted.getBytes(Charset.forName(encoding)));
    }

    /** Ends a compilation that nobody needs as soon as somebody waits. */
    private static final class GivesWay implements TaskListener {
        @Override
        public void started(TaskEvent event) {
            finished(event);
        }

        @Override
        public void finished(TaskEvent event) {
            if (isAwaited()) {
                throw new IllegalStateException("somebody waits");
            }
        }
    }

    /** A source file of the jar's own. */
    private static final class Resource extends SimpleJavaFileObject {
        Resource(String name) {
            super(URI.create("string:///" + name), Kind.SOURCE);
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) throws IOException {
            try (InputStream stream = KilnJavac.class.getResourceAsStream(getName())) {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
    }

    /** Takes class files and keeps none. */
    private static final class Discarding extends ForwardingJavaFileManager<StandardJavaFileManager> {
        Discarding(StandardJavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(Location location, String className, Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("string:///" + className), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return OutputStream.nullOutputStream();
                }
            };
        }
    }

    /** A source file that does not mind what its public class is called. */
    private static final class AnyPublicName extends ForwardingJavaFileObject<JavaFileObject> {
        AnyPublicName(JavaFileObject file) {
            super(file);
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            // The compiler asks for module-info and package-info too, which do change how a file is read.
            return (kind == Kind.SOURCE && SourceVersion.isIdentifier(simpleName))
                    || super.isNameCompatible(simpleName, kind);
        }
    }

    /** Watches the compiler and picks the class to launch among the types of the first file, in source order. */
    private static final class MainFinder implements TaskListener {
        private final Elements elements;
        private final Types types;
        private final List<String> topLevel = new ArrayList<>();
        private boolean parsedFirst;
        private boolean resolved;
        private String firstClass;
        private String mainClass;

        MainFinder(Elements elements, Types types) {
            this.elements = elements;
            this.types = types;
        }

        /** The binary name of the class to launch, or null if no type of the first file has a main method. */
        String mainClass() {
            return mainClass;
        }

        /** The binary name of the first top-level type, or null if the file declares none. */
        String firstClass() {
            return firstClass;
        }

        @Override
        public void finished(TaskEvent event) {
            if (event.getKind() == TaskEvent.Kind.PARSE && !parsedFirst) {
                // Files are parsed in the order given, and others only later, where a name leads to them.
                parsedFirst = true;
                rememberTopLevel(event.getCompilationUnit());
            } else if (event.getKind() == TaskEvent.Kind.ANALYZE && !resolved) {
                // Declarations are complete from here on; elements do not outlive the compilation.
                resolved = true;
                resolve();
            }
        }

        private void rememberTopLevel(CompilationUnitTree unit) {
            ExpressionTree packageName = unit.getPackageName();
            String prefix = packageName == null ? "" : packageName + ".";
            for (Tree type : unit.getTypeDecls()) {
                if (type instanceof ClassTree) {
                    topLevel.add(prefix + ((ClassTree) type).getSimpleName());
                }
            }
        }

        private void resolve() {
            List<TypeElement> declared = new ArrayList<>();
            for (String name : topLevel) {
                TypeElement type = elements.getTypeElement(name);
                if (type != null) {
                    declared.add(type);
                }
            }
            if (declared.isEmpty()) {
                return;
            }
            firstClass = binaryName(declared.get(0));
            List<TypeElement> nested = new ArrayList<>();
            declared.forEach(type -> addNested(type, nested));
            boolean flexible = Runtime.version().feature() >= FLEXIBLE_MAIN_RELEASE;

            Optional<TypeElement> found = first(declared, type -> declares(type, this::isClassicMain));
            found = found.or(() -> first(nested, type -> declares(type, this::isClassicMain)));
            if (flexible) {
                found = found.or(() -> first(declared, type -> declares(type, this::isFlexibleMain)));
            }
            found = found.or(() -> first(declared, type -> inherits(type, this::isClassicMain)));
            if (flexible) {
                found = found.or(() -> first(declared, type -> inherits(type, this::isFlexibleMain)));
            }
            mainClass = found.map(this::binaryName).orElse(null);
        }

        private static void addNested(TypeElement outer, List<TypeElement> nested) {
            for (TypeElement type : ElementFilter.typesIn(outer.getEnclosedElements())) {
                nested.add(type);
                addNested(type, nested);
            }
        }

        private static Optional<TypeElement> first(List<TypeElement> candidates, Predicate<TypeElement> condition) {
            return candidates.stream().filter(condition).findFirst();
        }

        private boolean declares(TypeElement type, Predicate<ExecutableElement> condition) {
            return ElementFilter.methodsIn(type.getEnclosedElements()).stream()
                    .anyMatch(method -> condition.test(method) && isLaunchable(type, method));
        }

        private boolean inherits(TypeElement type, Predicate<ExecutableElement> condition) {
            return ElementFilter.methodsIn(elements.getAllMembers(type)).stream()
                    .anyMatch(method -> condition.test(method) && isLaunchable(type, method));
        }

        private boolean isClassicMain(ExecutableElement method) {
            return isFlexibleMain(method)
                    && method.getModifiers().contains(Modifier.PUBLIC)
                    && method.getModifiers().contains(Modifier.STATIC)
                    && method.getParameters().size() == 1;
        }

        private boolean isFlexibleMain(ExecutableElement method) {
            return method.getSimpleName().contentEquals("main")
                    && method.getReturnType().getKind() == TypeKind.VOID
                    && !method.getModifiers().contains(Modifier.PRIVATE)
                    && (method.getParameters().isEmpty() || takesStrings(method));
        }

        private boolean takesStrings(ExecutableElement method) {
            return method.getParameters().size() == 1
                    && types.isSameType(
                            types.erasure(method.getParameters().get(0).asType()),
                            types.getArrayType(elements.getTypeElement("java.lang.String").asType()));
        }

        /** A static main runs without an object; any other needs a class that the launcher can make one of. */
        private static boolean isLaunchable(TypeElement type, ExecutableElement method) {
            if (method.getModifiers().contains(Modifier.STATIC)) {
                return true;
            }
            return type.getKind() == ElementKind.CLASS && !type.getModifiers().contains(Modifier.ABSTRACT);
        }

        private String binaryName(TypeElement type) {
            return elements.getBinaryName(type).toString();
        }
    }
}
