// SPDX-License-Identifier: MIT
// Tar archives made by hand, so that they can be as wrong as a test wants.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace btrkit::test {

/// What is not given is plain: a regular file of root's.
struct TarMember {
    std::string name;
    std::string data = {};
    char type = '0';
    std::string link = {};
    unsigned mode = 0644;
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t mtime = 0;
    unsigned device_major = 0;
    unsigned device_minor = 0;
    std::vector<std::pair<std::string, std::string>> pax = {}; ///< keys and values of an extended header before it
};

/// The member's blocks: header and padded data.
std::string tar_member(const TarMember& member);
/// All members and the end mark.
std::string tar_archive(const std::vector<TarMember>& members);

} // namespace btrkit::test
