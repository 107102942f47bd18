// SPDX-License-Identifier: MIT
// The verbs that change subvolumes: their options and operands, declared once for the command line and for lines of a
// script, and the commands that come of them.
#pragma once

#include "libfs/base/error.h"
#include "libfs/ops/subvolume/command.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace btrkit::apps {

/// Of all of them; each verb has some.
struct ChangeFlags {
    std::vector<std::string> operands;
    bool with_parents = false;          ///< create -p
    bool read_only = false;             ///< snapshot -r
    bool recursive = false;             ///< delete -R
    bool commit_after = false;          ///< delete -c, -C: it is so anyway
    bool force = false;                 ///< property set -f
    std::string uuid;                   ///< of the new subvolume; empty: a random one
    std::vector<std::string> subvolids; ///< delete -i
    std::vector<std::string> qgroups;   ///< create -i, snapshot -i
};

struct ChangeVerb {
    std::array<std::string_view, 2> words; ///< the second one may be empty
    std::string_view operands;             ///< behind IMAGE
    std::string_view summary;
    void (*declare)(CLI::App& app, ChangeFlags& flags);
    /// Fails with usage.
    Result<std::vector<subvolume::Change>> (*make)(const ChangeFlags& flags);

    std::string name() const;
    std::size_t word_count() const { return words[1].empty() ? 1 : 2; }
};

std::span<const ChangeVerb> change_verbs();
/// The one that the words begin with; null where there is none.
const ChangeVerb* find_change_verb(std::span<const std::string> words);

} // namespace btrkit::apps
