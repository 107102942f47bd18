// SPDX-License-Identifier: MIT
#include "apps/subvolume/script.h"

#include "apps/subvolume/change_verbs.h"

namespace btrkit::apps {

Result<std::vector<subvolume::Command>> parse_script(std::string_view text) {
    BTRKIT_TRY_ASSIGN(auto changes, parse_script_of(change_verbs(), text));
    std::vector<subvolume::Command> commands;
    for (auto& [change, line] : changes) {
        commands.push_back({.change = std::move(change), .line = line});
    }
    return commands;
}

} // namespace btrkit::apps
