// SPDX-License-Identifier: MIT
// Random changes of a directory on a mounted btrfs, such as make sending hard: send-history DIR SEED COUNT [OTHER]
//
// The same seed does the same on the same directory. OTHER is a directory to clone files from, which stays as it is.
#include "tests/send/changes.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/stat.h>
#include <vector>

using namespace btrkit::history;

int main(int count, char** words) {
    const std::vector<std::string> arguments(words + 1, words + count);
    if (arguments.size() < 3 || arguments.size() > 4) {
        std::fputs("usage: send-history DIR SEED COUNT [OTHER]\n", stderr);
        return 2;
    }
    umask(022);
    Places places(arguments[0], arguments.size() > 3 ? arguments[3] : "",
                  std::strtoull(arguments[1].c_str(), nullptr, 10));
    std::vector<Change> all;
    unsigned sum = 0;
    for (const auto& changes : {content_changes(), name_changes(), attribute_changes()}) {
        for (const auto& change : changes) {
            all.push_back(change);
            sum += change.weight;
        }
    }
    for (auto left = std::strtoul(arguments[2].c_str(), nullptr, 10); left > 0; --left) {
        auto at = places.random().below(sum);
        const auto change = std::ranges::find_if(all, [&at](const Change& candidate) {
            const bool is_it = at < candidate.weight;
            at -= is_it ? 0 : candidate.weight;
            return is_it;
        });
        change->make(places);
    }
    return 0;
}
