// SPDX-License-Identifier: MIT
#include "apps/changing/script_words.h"

#include "libfs/base/names.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Takes a line apart, character by character.
class LineWords {
public:
    explicit LineWords(std::string_view line) : rest_(line) {}

    Result<std::vector<std::string>> all() {
        while (!rest_.empty()) {
            const char c = take();
            if (c == ' ' || c == '\t' || c == '\r') {
                end_word();
            } else if (c == '#' && !word_) {
                break;
            } else if (c == '\'' || c == '"') {
                BTRKIT_TRY(take_quoted(c));
            } else {
                BTRKIT_TRY(add(c, c == '\\'));
            }
        }
        end_word();
        return std::move(words_);
    }

private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    /// The character behind it, if this one is a backslash that escapes.
    Result<void> add(char c, bool escapes) {
        if (escapes && rest_.empty()) {
            return fail(ErrorKind::usage, "there is nothing behind the backslash at the end");
        }
        word_.emplace(word_.value_or("")) += escapes ? take() : c;
        return {};
    }

    Result<void> take_quoted(char quote) {
        word_.emplace(word_.value_or(""));
        while (!rest_.empty()) {
            const char c = take();
            if (c == quote) {
                return {};
            }
            const bool can_escape = c == '\\' && quote == '"' && !rest_.empty();
            BTRKIT_TRY(add(c, can_escape && (rest_.front() == '"' || rest_.front() == '\\')));
        }
        return fail(ErrorKind::usage, fmt::format("the quote {} does not end", quote));
    }

    void end_word() {
        if (word_) {
            words_.push_back(std::move(*word_));
            word_.reset();
        }
    }

    std::string_view rest_;
    std::optional<std::string> word_; ///< that has begun
    std::vector<std::string> words_;
};

} // namespace

Result<std::vector<std::string>> words_of_line(std::string_view line) {
    return LineWords(line).all();
}

Result<std::string> read_script(const std::string& path) {
    if (path == "-") {
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    return file ? Result<std::string>(std::move(text))
                : fail(ErrorKind::io, fmt::format("{}: cannot be read", printable(path)));
}

} // namespace btrkit::apps
