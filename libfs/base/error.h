// SPDX-License-Identifier: MIT
// How operations fail. The world (I/O, usage, what is not there) is an Error; damaged media is a Problem (problem.h); a
// bug is an assertion. The three are never mixed. What is proven before it is written is the exception: should it turn
// out wrong, that is a bug that must not reach the disk in any build, and it is an Error of a kind of its own.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace btrkit {

enum class ErrorKind {
    io,             ///< the operating system failed a read, write or open
    usage,          ///< the caller asked for what makes no sense
    not_found,      ///< no such tree, path, block or chunk
    missing_device, ///< the bytes lie on a device that was not given
    damaged,        ///< the bytes are there, but nothing usable could be read from any copy
    no_space,       ///< what is to be stored does not fit
    refused,        ///< it could be done, but would destroy what must not be
    unsupported,    ///< the filesystem needs a feature that this code does not know
    cancelled,      ///< the user stopped it (see run_context.h)
    bug,            ///< this program is wrong, whatever the input: made by fail_as_bug()
};

struct Error {
    ErrorKind kind;
    std::string message; ///< one line, without the tool's name, naming file and place
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return std::unexpected(Error{kind, std::move(message)});
}

/// "internal error: WHAT; please report this". what: a clause without full stop, with the values at fault.
inline std::unexpected<Error> fail_as_bug(const std::string& what) {
    return fail(ErrorKind::bug, "internal error: " + what + "; please report this");
}

} // namespace btrkit

// The one exception to "no macros": only a macro can return from the function that it stands in, and without it every
// third statement is three lines that say "or fail as that did".
// NOLINTBEGIN(cppcoreguidelines-macro-usage, bugprone-macro-parentheses)
#define BTRKIT_PASTE_EXPANDED(left, right) left##right
#define BTRKIT_PASTE(left, right) BTRKIT_PASTE_EXPANDED(left, right)

#define BTRKIT_TRY_AS(tried, ...)                                                                                      \
    do {                                                                                                               \
        if (auto tried = (__VA_ARGS__); !tried) [[unlikely]] {                                                         \
            return std::unexpected(std::move(tried).error());                                                          \
        }                                                                                                              \
    } while (false)
#define BTRKIT_TRY_ASSIGN_AS(tried, declaration, ...)                                                                  \
    auto tried = (__VA_ARGS__);                                                                                        \
    if (!tried) [[unlikely]] {                                                                                         \
        return std::unexpected(std::move(tried).error());                                                              \
    }                                                                                                                  \
    declaration = *std::move(tried)

/// BTRKIT_TRY(done()): goes on where the Result is good, otherwise returns its error. Drops the value.
#define BTRKIT_TRY(...) BTRKIT_TRY_AS(BTRKIT_PASTE(btrkit_tried_, __COUNTER__), __VA_ARGS__)
/// BTRKIT_TRY_ASSIGN(const auto value, made()): the same, and value is what made() made. Two statements: not the body
/// of an if without braces.
#define BTRKIT_TRY_ASSIGN(declaration, ...)                                                                            \
    BTRKIT_TRY_ASSIGN_AS(BTRKIT_PASTE(btrkit_tried_, __COUNTER__), declaration, __VA_ARGS__)
// NOLINTEND(cppcoreguidelines-macro-usage, bugprone-macro-parentheses)
