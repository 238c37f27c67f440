# The libraries we take (docs/decisions/0001), named once.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(date REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)

add_library(vedette_parts INTERFACE)
target_link_libraries(vedette_parts INTERFACE
    vedette_flags Threads::Threads fmt::fmt yaml-cpp date::date-tz PkgConfig::re2)
# Asio, Beast and Boost.JSON are compiled once, in src/*/parts_*.cpp, not in every unit.
target_compile_definitions(vedette_parts INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT
    BOOST_BEAST_SEPARATE_COMPILATION)

add_library(vedette_net_parts INTERFACE)
target_link_libraries(vedette_net_parts INTERFACE OpenSSL::SSL OpenSSL::Crypto PkgConfig::cares ZLIB::ZLIB)

find_package(CLI11 REQUIRED)
add_library(vedette_cli_parts INTERFACE)
target_link_libraries(vedette_cli_parts INTERFACE CLI11::CLI11)
