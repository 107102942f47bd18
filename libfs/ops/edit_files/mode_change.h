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
    /// "644", "u+x,go-w", "a=rX", "g=u". Without u, g, o or a all three are meant; there is no umask here. A directory
    /// keeps its set-user-id and set-group-id bits unless they are named, as s or with a number of five digits. Fails
    /// with usage.
    static Result<ModeChange> parse(std::string_view text);

    /// The permissions of what has this mode, changed.
    u32 apply(u32 mode) const;

private:
    struct Clause {
        u32 who = 0;         ///< the bits that it is about
        char operation = 0;  ///< '+', '-' or '='
        u32 permissions = 0; ///< of all three
        char copied = 0;     ///< the class whose permissions are meant, or 0
        u32 named = 0;       ///< bits that change for directories, too
        bool only_if_executable = false;
    };

    static Result<void> parse_clause(std::string_view clause, std::vector<Clause>& clauses);
    static u32 permissions_of(const Clause& clause, u32 mode);

    std::vector<Clause> clauses_;
};

} // namespace btrkit::edit_files
