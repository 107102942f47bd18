// SPDX-License-Identifier: MIT
// Fills a directory with what a system's tree looks like: source DIR FILES BYTES SEED
//
// The same arguments give the same tree. Sizes are log-normal, with BYTES in all (about); of ten files six are text,
// two are half text and half noise, as programs are, and two noise; of 50 entries one is a symlink.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr unsigned files_per_directory = 25;
constexpr unsigned directories_per_directory = 12;
constexpr std::size_t pool_bytes = std::size_t{32} << 20;
constexpr std::size_t largest_file_bytes = std::size_t{64} << 20;
constexpr double size_spread = 2.0; ///< of the sizes' logarithms

[[noreturn]] void die(const std::string& what) {
    std::perror(("source: " + what).c_str());
    std::exit(1);
}

/// Words of a fixed list, the first ones far more often: compresses to about a third.
std::string make_text(std::mt19937_64& random) {
    std::vector<std::string> words(6000);
    for (auto& word : words) {
        word.resize(2 + random() % 9);
        std::ranges::generate(word, [&random] { return static_cast<char>('a' + random() % 26); });
    }
    std::string text;
    text.reserve(pool_bytes + 16);
    while (text.size() < pool_bytes) {
        const double rank =
            std::pow(static_cast<double>(words.size()), static_cast<double>(random() % 65536) / 65536.0);
        text += words[static_cast<std::size_t>(rank) - 1];
        text += random() % 11 == 0 ? '\n' : ' ';
    }
    return text;
}

std::string make_noise(std::mt19937_64& random) {
    std::string noise(pool_bytes, '\0');
    std::ranges::generate(noise, [&random] { return static_cast<char>(random()); });
    return noise;
}

std::vector<std::size_t> make_sizes(std::size_t files, double bytes, std::mt19937_64& random) {
    std::normal_distribution<double> logarithm(0.0, size_spread);
    std::vector<double> shares(files);
    double sum = 0;
    for (double& share : shares) {
        share = std::exp(logarithm(random));
        sum += share;
    }
    std::vector<std::size_t> sizes;
    for (const double share : shares) {
        sizes.push_back(std::min(static_cast<std::size_t>(share / sum * bytes), largest_file_bytes));
    }
    return sizes;
}

class Pools {
public:
    explicit Pools(std::mt19937_64& random) : text_(make_text(random)), noise_(make_noise(random)) {}

    void write(int file, std::size_t size, std::mt19937_64& random) const {
        constexpr std::size_t step = std::size_t{64} << 10;
        const auto kind = random() % 10;
        for (std::size_t at = 0; at < size;) {
            const bool is_text = kind < 6 || (kind < 8 && at / step % 2 == 0);
            const std::string& pool = is_text ? text_ : noise_;
            const std::size_t length = std::min(step, size - at);
            if (::write(file, pool.data() + random() % (pool.size() - length), length) !=
                static_cast<ssize_t>(length)) {
                die("write");
            }
            at += length;
        }
    }

private:
    std::string text_;
    std::string noise_;
};

/// Directories hang in those that came before: the tree is as deep as it comes.
std::vector<std::string> make_directories(const std::string& top, std::size_t count) {
    std::vector<std::string> all = {top};
    for (std::size_t i = 1; i < count; ++i) {
        all.push_back(all[(i - 1) / directories_per_directory] + "/directory-" + std::to_string(i));
        if (mkdir(all.back().c_str(), 0755) != 0) {
            die(all.back());
        }
    }
    return all;
}

} // namespace

int main(int count, char** words) {
    if (count != 5) {
        std::fputs("usage: source DIR FILES BYTES SEED\n", stderr);
        return 2;
    }
    const std::size_t files = std::strtoul(words[2], nullptr, 10);
    std::mt19937_64 random(std::strtoul(words[4], nullptr, 10));
    const auto sizes = make_sizes(files, std::strtod(words[3], nullptr), random);
    const Pools pools(random);
    const auto directories = make_directories(words[1], files / files_per_directory + 1);
    for (std::size_t i = 0; i < files; ++i) {
        const auto path = directories[random() % directories.size()] + "/file-" + std::to_string(i);
        if (i % 50 == 49) {
            if (symlink("../somewhere/else", path.c_str()) != 0) {
                die(path);
            }
            continue;
        }
        const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        if (file < 0) {
            die(path);
        }
        pools.write(file, sizes[i], random);
        close(file);
    }
    return 0;
}
