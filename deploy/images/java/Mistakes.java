import java.util.List;

/** Does not compile, so that the archive holds the classes that report errors too. */
class Mistakes {
    int wrong(List<String> words) {
        String text = 1;
        return missing(words) + text.size();
    }
}
