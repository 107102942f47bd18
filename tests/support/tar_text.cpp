// SPDX-License-Identifier: MIT
#include "tests/support/tar_text.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace btrkit::test {

namespace {

constexpr std::size_t block_bytes = 512;

std::string padded(std::string text) {
    text.resize((text.size() + block_bytes - 1) / block_bytes * block_bytes);
    return text;
}

/// A record says its own length, its digits included.
std::string pax_record(const std::string& key, const std::string& value) {
    const std::string rest = ' ' + key + '=' + value + '\n';
    std::size_t length = rest.size();
    while (fmt::format("{}", length).size() + rest.size() != length) {
        length = fmt::format("{}", length).size() + rest.size();
    }
    return fmt::format("{}", length) + rest;
}

std::string header_of(const TarMember& member) {
    std::string header(block_bytes, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { std::ranges::copy(text, header.begin() + at); };
    put(0, member.name.substr(0, 100));
    put(100, fmt::format("{:07o}", member.mode));
    put(108, fmt::format("{:07o}", member.uid));
    put(116, fmt::format("{:07o}", member.gid));
    put(124, fmt::format("{:011o}", member.data.size()));
    put(136, fmt::format("{:011o}", member.mtime));
    put(148, std::string(8, ' '));
    header[156] = member.type;
    put(157, member.link.substr(0, 100));
    put(257, std::string("ustar\0"
                         "00",
                         8));
    put(329, fmt::format("{:07o}", member.device_major));
    put(337, fmt::format("{:07o}", member.device_minor));
    const unsigned sum = std::accumulate(header.begin(), header.end(), 0U,
                                         [](unsigned all, char c) { return all + static_cast<unsigned char>(c); });
    put(148, fmt::format("{:06o}", sum) + '\0');
    return header;
}

} // namespace

std::string tar_member(const TarMember& member) {
    std::string blocks;
    if (!member.pax.empty()) {
        TarMember extended{.name = "extended-header", .type = 'x'};
        for (const auto& [key, value] : member.pax) {
            extended.data += pax_record(key, value);
        }
        blocks = tar_member(extended);
    }
    return blocks + header_of(member) + padded(member.data);
}

std::string tar_archive(const std::vector<TarMember>& members) {
    std::string all;
    for (const TarMember& member : members) {
        all += tar_member(member);
    }
    return all + std::string(2 * block_bytes, '\0');
}

} // namespace btrkit::test
