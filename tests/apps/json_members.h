// SPDX-License-Identifier: MIT
// Which members a JSON document has, for comparing it with its paper.
#pragma once

#include <set>
#include <string>

namespace btrkit::test {

/// Adds the names of all members of all objects in it.
template <class Json>
void collect_members(const Json& value, std::set<std::string>& names) {
    for (const auto& [name, member] : value.items()) {
        if (value.is_object()) {
            names.insert(name);
        }
        if (member.is_structured()) {
            collect_members(member, names);
        }
    }
}

} // namespace btrkit::test
