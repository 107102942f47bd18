// SPDX-License-Identifier: MIT
// Findings that are not made good while others are.
#pragma once

#include "libfs/survey/findings.h"

#include <map>

namespace btrkit::repair {

class Undone {
public:
    /// left: what the plan leaves as it is.
    explicit Undone(std::vector<const survey::Finding*> left) : left_(std::move(left)) {}

    const std::vector<const survey::Finding*>& left() const { return left_; }

    /// A fix was asked for this one and can't make it good as sure as it should be. Nothing of it is changed.
    void decline(const survey::Finding& finding, std::string why) { reasons_.try_emplace(&finding, std::move(why)); }
    bool has_declined() const { return !reasons_.empty(); }
    /// Null: it was not declined.
    const std::string* why_declined(const survey::Finding& finding) const {
        const auto found = reasons_.find(&finding);
        return found == reasons_.end() ? nullptr : &found->second;
    }

private:
    std::vector<const survey::Finding*> left_;
    std::map<const survey::Finding*, std::string> reasons_;
};

} // namespace btrkit::repair
