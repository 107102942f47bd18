// SPDX-License-Identifier: MIT
// How operations fail. The world (I/O, usage, what is not there) is an Error; damaged media is a Problem
// (problem.h); a bug is an assertion. The three are never mixed.
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

} // namespace btrkit
