// SPDX-License-Identifier: MIT
// One try to make what is planned: what parts need to know of it, and what they can't make.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/ops/check/check.h"

#include <map>

namespace btrkit::repair {

class Round {
public:
    Round(std::vector<const survey::Finding*> left, std::span<const check::QgroupCount> quota_groups, Time now)
        : left_(std::move(left)), quota_groups_(quota_groups), now_(now) {}

    /// What the plan leaves as it is.
    const std::vector<const survey::Finding*>& left() const { return left_; }
    /// What the check has counted.
    std::span<const check::QgroupCount> quota_groups() const { return quota_groups_; }
    /// What is made that was not there is dated so.
    Time now() const { return now_; }

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
    std::span<const check::QgroupCount> quota_groups_;
    Time now_;
    std::map<const survey::Finding*, std::string> reasons_;
};

} // namespace btrkit::repair
