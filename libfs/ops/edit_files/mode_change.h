// SPDX-License-Identifier: MIT
// chmod(1)'s modes: numbers, and what letters change.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/error.h"

#include <string_view>
#include <vector>

namespace btrkit::edit_files {

class ModeChange {
public:
    /// "644", "u+x,go-w", "a=rX". Without u, g, o or a all three are meant; there is no umask here. Fails with usage.
    static Result<ModeChange> parse(std::string_view text);

    /// The permissions of what has this mode, changed.
    u32 apply(u32 mode) const;

private:
    struct Clause {
        u32 who = 0;         ///< the bits that it is about
        char operation = 0;  ///< '+', '-' or '='
        u32 permissions = 0; ///< of all three
        bool only_if_executable = false;
    };

    static Result<void> parse_clause(std::string_view clause, std::vector<Clause>& clauses);

    std::vector<Clause> clauses_;
};

} // namespace btrkit::edit_files
