// SPDX-License-Identifier: MIT
// Owner, permissions, extended attributes, flags and times of what was made on the host.
#pragma once

#include "libfs/ops/extract/member.h"

#include <mutex>

namespace btrkit::extract {

/// What the host has not taken, which is no failure: whoever is not root can't give files away.
class NotSet {
public:
    void add(const Member& member, const std::string& what, int error);
    u64 count() const { return count_; }
    const std::string& first() const { return first_; }

private:
    std::mutex mutex_;
    u64 count_ = 0;
    std::string first_; ///< "PATH: owner: Operation not permitted"
};

struct AttributeOptions {
    bool is_root = false;
    bool with_owners = true;
    bool with_flags = true;
};

/// Of an open file or directory, in the order in which no step undoes another: times last. is_owned: the host has made
/// it for the caller's own user and group.
void set_attributes(int fd, const Member& member, const AttributeOptions& options, bool is_owned, NotSet& not_set);
/// Of anything else, by its name.
void set_attributes_of_name(int directory, const std::string& name, const Member& member,
                            const AttributeOptions& options, NotSet& not_set);
/// What must be set before there is data: no copy on write, compression.
void set_flags_of_empty(int fd, const Inode& inode);

} // namespace btrkit::extract
